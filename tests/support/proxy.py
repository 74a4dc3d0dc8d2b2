"""A proxy that loses replies: it passes on so many bytes of an answer and then resets both its connections."""
import socket
import struct
import threading


def reset(sock):
    """Closes with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class LossyProxy:
    """cuts: bytes of the answer let through on each connection in turn, None for all of it; the last one stays for those that follow."""

    def __init__(self, port, cuts=(None,)):
        self.port_behind, self.cuts, self.count = port, list(cuts), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            cut = self.cuts[min(self.count, len(self.cuts) - 1)]
            self.count += 1
            threading.Thread(target=self.serve, args=(client, cut), daemon=True).start()

    @staticmethod
    def read_message(sock):
        """Head and body of one request or answer with a Content-Length."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return data
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            piece = sock.recv(65536)
            if not piece:
                break
            body += piece
        return head + b"\r\n\r\n" + body

    def serve(self, client, cut):
        behind = socket.create_connection(("127.0.0.1", self.port_behind))
        try:
            behind.sendall(self.read_message(client))
            answer = self.read_message(behind)
            if cut is None:
                client.sendall(answer)
                client.close()
                behind.close()
                return
            if cut:
                client.sendall(answer[:cut])
            reset(client)
            reset(behind)
        except OSError:
            client.close()
            behind.close()

    def close(self):
        self.listener.close()
