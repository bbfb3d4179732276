import { cut } from '../flags/read-flag.ts';
import { csvFields } from './csv.ts';

/** A request for devices that a driver chooses. */
export interface GpuRequest {
  Driver: string;
  Count: number;
  DeviceIDs: string[] | null;
  Capabilities: string[][];
  Options: Record<string, string>;
}

/** `--gpus all`, a number, or `driver=…,count=…,device=…,capabilities=…,options=…`. */
export function gpus(text: string, before: unknown): GpuRequest[] {
  const request: GpuRequest = { Driver: '', Count: 0, DeviceIDs: null, Capabilities: [], Options: {} };
  const seen = new Set<string>();
  for (const field of csvFields(text)) {
    const [key, value] = cut(field, '=');
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (field.includes('=')) setField(request, { key, value, field });
    else {
      seen.add('count');
      request.Count = count(key);
    }
  }
  if (!seen.has('count') && request.DeviceIDs === null) request.Count = 1;
  if (request.Capabilities.length === 0) request.Capabilities = [['gpu']];
  return [...(before as GpuRequest[]), request];
}

function setField(request: GpuRequest, { key, value, field }: Record<'key' | 'value' | 'field', string>): void {
  if (key === 'driver') request.Driver = value;
  else if (key === 'count') request.Count = count(value);
  else if (key === 'device') request.DeviceIDs = value.split(',');
  else if (key === 'capabilities') request.Capabilities = [[...value.split(','), 'gpu']];
  else if (key === 'options') request.Options = Object.fromEntries(csvFields(value).map((option) => cut(option, '=')));
  else throw new Error(`unexpected key '${key}' in '${field}'`);
}

function count(text: string): number {
  if (text === 'all') return -1;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  }
  return Number(text);
}
