import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

/** One end of a conversation: `server PROTOCOL PORT NAME`, or `client PROTOCOL ADDRESS PORT`. */
const [role, protocol, ...rest] = process.argv.slice(2);
const PATIENCE = 1500;

if (role === 'server') serve(Number(rest[0]), rest[1]!);
else ask(rest[0]!, Number(rest[1]));

function serve(port: number, name: string): void {
  const ready = () => process.stdout.write('ready\n');
  if (protocol === 'udp') {
    const socket = createSocket('udp4');
    socket.on('message', (_, { address, port: to }) => socket.send(`${name} ${address}`, to, address));
    socket.bind(port, ready);
    return;
  }
  createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}`);
  }).listen(port, ready);
}

function ask(address: string, port: number): void {
  setTimeout(() => process.exit(0), PATIENCE);
  const answer = (bytes: Buffer) => process.stdout.write(bytes, () => process.exit(0));
  if (protocol === 'udp') {
    const socket = createSocket('udp4');
    socket.on('message', answer);
    socket.on('error', () => process.exit(0));
    socket.send('?', port, address);
    return;
  }
  connect(port, address)
    .on('data', answer)
    .on('error', () => process.exit(0));
}
