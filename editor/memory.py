"""How a program that makes large pictures should ask for memory."""

import ctypes
import platform

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8  # glibc's malloc.h
GROWTH = 256 << 20  # bytes by which the heap grows at least


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed instead of giving it back to the system; False elsewhere.

    A feature map of 1024 px is 128 MB. By default each one is mapped anew, and the system clears
    it page by page, which takes longer than the convolution. One heap serves all threads, since
    the heaps that glibc makes for each are too small for such maps. Call it before the first one.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: GROWTH, M_ARENA_MAX: 1}
    taken = [mallopt(option, value) for option, value in wanted.items()]
    return all(taken)
