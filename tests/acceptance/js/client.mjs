// The stock socket.io-client, driven by JSON lines: commands on standard input, what happens on standard output.
//   {"do": "connect", "url": …, "namespace": …, "token": …, "options": {…}}
//   {"do": "emit", "event": …, "data": …, "id": …}   answered by {"ack": id, "data": …}
//   {"do": "cut"}                                    closes the transport below, as a lost network does
//   {"do": "disconnect"}
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

let socket;
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const commands = {
  connect({ url, namespace, token, options }) {
    socket?.disconnect();
    socket = io(url + namespace, { auth: token ? { token } : {}, forceNew: true, timeout: 5000, ...options });
    socket.on("connect", () => say({ connected: true, recovered: socket.recovered ?? false }));
    socket.on("connect_error", (error) => say({ refused: error.message }));
    socket.on("disconnect", (reason) => say({ disconnected: reason }));
    socket.onAny((event, ...args) => say({ event, args }));
    socket.io.engine?.on("upgrade", (transport) => say({ upgraded: transport.name }));
  },
  emit({ event, data, id }) {
    socket
      .timeout(5000)
      .emitWithAck(event, data)
      .then((answer) => say({ ack: id, data: answer }))
      .catch((error) => say({ ack: id, missing: error.message }));
  },
  cut() {
    socket.io.engine.close();
  },
  disconnect() {
    socket.disconnect();
  },
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
});
lines.on("close", () => process.exit(0));
