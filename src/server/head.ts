import { STATUS_CODES } from 'node:http';
import { API_VERSION, DOCKER_VERSION } from '#api';

/** On every answer: clients negotiate with the first and learn the OS from the second and third. */
export const COMMON_HEADERS: readonly string[] = [
  'Api-Version',
  API_VERSION,
  'Docker-Experimental',
  'false',
  'Ostype',
  'linux',
  'Server',
  `Docker/${DOCKER_VERSION} (linux)`,
];

/** A response head as bytes; headers as a flat list of names and values. */
export function rawHead(status: number, headers: readonly string[], reason = STATUS_CODES[status] ?? ''): string {
  let head = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n`;
}
