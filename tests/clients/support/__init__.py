"""What the client tests share: the server as a process, clients that speak to it, and what they know of the answers."""
