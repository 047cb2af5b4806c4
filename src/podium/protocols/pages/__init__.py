"""The web pages: HTML made on the server from the services, for people."""
