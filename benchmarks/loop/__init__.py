"""One round of the whole loop through the real parts: web, worker, engine, sockets; measured."""
