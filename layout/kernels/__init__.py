"""The inner loops of layout, compiled to machine code. All arithmetic is on int64, so exact everywhere.

Each file stands alone: the compiled code is cached on disk by the file that it comes from, and a change in
another file that it were inlined from would go unnoticed. A test keeps it so.
"""
