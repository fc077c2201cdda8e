"""Answers each datagram with what it said."""
import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 7777))
while True:
    said, sender = server.recvfrom(2000)
    server.sendto(said, sender)
