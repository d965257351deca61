"""The inner loops of layout, compiled to machine code. All arithmetic is on int64, so exact everywhere, but
in `simplex`, which only proposes.

Kernels call no others than those in files of their own folder: what is compiled is kept on disk until one of
these changes. A test keeps it so.
"""
