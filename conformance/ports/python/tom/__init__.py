"""ToM, the open messaging protocol, written from its specification alone.

Every module mirrors one chapter of the book and cites its rules by id. Nothing in here touches a
socket, a clock, a disk or a random generator: whoever uses it feeds time, entropy and bytes.
"""
