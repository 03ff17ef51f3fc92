"""The grammar of instructions, English and Chinese: the words of each operation, for reading and for writing alike.

`english` and `chinese` hold one module an operation. Each has the sentences that are understood (`SHAPES`) and those that are
written (`PATTERNS`), made of one vocabulary (`words`). `phrases` and `reading` are what both languages share; `writing` draws
or picks a sentence in both at once.
"""
