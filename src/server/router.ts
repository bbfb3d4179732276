import type { Route } from './route.ts';

/** A route with what the path gave for each of its `{…}`, still percent-encoded. */
export interface Match {
  readonly route: Route;
  readonly names: readonly string[];
}

interface Pattern {
  readonly route: Route;
  /** The literal pieces around the names: `['/containers/', '/json']`. */
  readonly pieces: readonly string[];
}

/**
 * Finds routes as Docker's router does: literal paths first, then patterns, whose names take as much as they can,
 * slashes included (`/images/{name}/json` with `a/b/c`). Routers that match by segment cannot say this.
 */
export class Router {
  readonly #literal = new Map<string, Route>();
  readonly #patterns = new Map<string, Pattern[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
    for (const patterns of this.#patterns.values()) patterns.sort((a, b) => literalLength(b) - literalLength(a));
  }

  find(method: string, path: string): Match | undefined {
    const literal = this.#literal.get(`${method} ${path}`);
    if (literal) return { route: literal, names: [] };
    for (const { route, pieces } of this.#patterns.get(`${method} ${firstSegment(path)}`) ?? []) {
      const names = matchPieces(pieces, path);
      if (names) return { route, names };
    }
    return undefined;
  }

  #add(route: Route): void {
    const { method, path } = route;
    const pieces = path.split(/\{[a-z]+\}/);
    if (pieces.length === 1) {
      this.#literal.set(`${method} ${path}`, route);
      return;
    }
    const key = `${method} ${firstSegment(path)}`;
    const patterns = this.#patterns.get(key) ?? [];
    this.#patterns.set(key, [...patterns, { route, pieces }]);
  }
}

/** The more a pattern says, the earlier it is tried. */
const literalLength = ({ pieces }: Pattern): number => pieces.join('').length;

function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end < 0 ? path : path.slice(0, end);
}

function matchPieces(pieces: readonly string[], path: string): string[] | undefined {
  const last = pieces.at(-1)!;
  if (!path.startsWith(pieces[0]!) || !path.endsWith(last)) return undefined;
  const end = path.length - last.length;
  let start = pieces[0]!.length;
  if (end < start) return undefined;
  const names: string[] = [];
  for (const piece of pieces.slice(1, -1)) {
    const at = path.lastIndexOf(piece, end - piece.length);
    if (at < start) return undefined;
    names.push(path.slice(start, at));
    start = at + piece.length;
  }
  return [...names, path.slice(start, end)];
}
