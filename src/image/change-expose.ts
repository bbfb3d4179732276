import { invalid } from '#errdefs';

const PROTOCOLS = ['tcp', 'udp', 'sctp'];
const LARGEST = 65535;

/** The container ports of `EXPOSE` words such as `80`, `90-92/udp`, `127.0.0.1:8080:80`, as keys of `ExposedPorts`. */
export function exposedPorts(words: readonly string[]): Record<string, object> {
  const keys = words.flatMap((word) => {
    const [ports = '', protocol = 'tcp'] = word.split('/', 2);
    const container = ports.slice(ports.lastIndexOf(':') + 1);
    if (container === '') throw invalid(`No port specified: ${word}<empty>`);
    const range = portRange(container);
    if (!PROTOCOLS.includes(protocol.toLowerCase())) throw invalid(`Invalid proto: ${protocol}`);
    return range.map((port) => `${port}/${protocol.toLowerCase()}`);
  });
  return Object.fromEntries(keys.sort().map((key) => [key, {}]));
}

function portRange(text: string): number[] {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [low, high] = [Number(from), Number(to)];
  if (from === undefined || high > LARGEST || low > high) throw invalid(`Invalid containerPort: ${text}`);
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}
