import type { EventMessage, Filters } from '#api';
import { matchesLabels } from '#api';

/** Docker: these three carry data after a colon and match by their first word. */
const WITH_DATA = new Set(['exec_create', 'exec_start', 'health_status']);

/** Whether an event passes: keys AND, values of one key OR, but labels AND (Moby daemon/events/filter.go). */
export function matchesEvent(event: EventMessage, filters: Filters): boolean {
  return Object.entries(filters).every(([key, values]) => values.length === 0 || matchesKey(event, key, values));
}

function matchesKey(event: EventMessage, key: string, values: readonly string[]): boolean {
  const { Type, Action, Actor, scope } = event;
  const attributes = Actor.Attributes;
  switch (key) {
    case 'type':
      return values.includes(Type);
    case 'scope':
      return values.includes(scope);
    case 'event':
      return values.some((value) => value === Action || (WITH_DATA.has(value) && Action.startsWith(`${value}:`)));
    case 'label':
      return matchesLabels(values, attributes);
    case 'image':
      return matchesImage(event, values);
    case 'container':
    case 'network':
    case 'volume':
    case 'daemon':
    case 'plugin':
    case 'service':
    case 'node':
    case 'secret':
    case 'config':
      return Type === key && fuzzy(values, Actor.ID, attributes.name);
    default:
      return true;
  }
}

/** Docker: an id or a name matches by prefix (filters.Args.FuzzyMatch). */
function fuzzy(values: readonly string[], id: string, name: string | undefined): boolean {
  return values.some((value) => id.startsWith(value) || name?.startsWith(value));
}

function matchesImage({ Type, Actor }: EventMessage, values: readonly string[]): boolean {
  const image = Type === 'image' ? Actor.Attributes.name : Actor.Attributes.image;
  const candidates = [Type === 'image' ? Actor.ID : undefined, image].filter((name) => name !== undefined);
  return candidates.some((name) => values.includes(name) || values.includes(stripTag(name)));
}

function stripTag(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
