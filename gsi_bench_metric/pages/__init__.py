"""What every generated page is made of: numbers as they are printed, tables, drawings, the page's shell, files."""
