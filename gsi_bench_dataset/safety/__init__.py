"""What stands between the package and everything that comes from outside: names, files, images, keys, servers' replies.

Each kind of outside value has one module and one check here. Nothing else in the project opens a file by a name that it did
not make itself, decodes an image, or prints a server's words.
"""
