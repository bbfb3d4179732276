import { goQuote } from '#template/quote';

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const whole = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::([\\w][\\w.-]{0,127}))?(?:@([a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?$`,
);

// What is wrong with a reference, in Docker's words; undefined when nothing is.
function fault(text: string): string | undefined {
  if (whole.test(text)) return undefined;
  const host = registryOf(text);
  const path = (text.startsWith(`${host}/`) ? text.slice(host.length + 1) : text).split(/[:@]/)[0] ?? '';
  if (path === path.toLowerCase() || !whole.test(path.toLowerCase())) return 'invalid reference format';
  return `invalid reference format: repository name (${path.includes('/') ? path : `library/${path}`}) must be lowercase`;
}

/** The name of an image to run, as it is when it can be one; ids are names too. */
export function checkedImage(text: string): string {
  const wrong = /^sha256:[\da-f]{64}$/.test(text) ? undefined : fault(text);
  if (wrong !== undefined) throw new Error(wrong);
  return text;
}

/** The name for a committed image, and its tag, if it has one. */
export function commitTarget(text: string): { repo: string; tag: string } {
  const wrong = fault(text);
  if (wrong !== undefined) throw new Error(wrong);
  const [, tag, digest] = whole.exec(text) ?? [];
  if (digest !== undefined) throw new Error('refusing to create a tag with a digest reference');
  return { repo: tag === undefined ? text : text.slice(0, -tag.length - 1), tag: tag ?? '' };
}

/** A name to give an image, and its tag (`latest` when none is said); throws with Docker's text. */
export function parseTarget(text: string): { name: string; tag: string } {
  const wrong = fault(text);
  if (wrong !== undefined) {
    throw new Error(`Error parsing reference: ${goQuote(text)} is not a valid repository/tag: ${wrong}`);
  }
  const [, tag, digest] = whole.exec(text) ?? [];
  if (digest !== undefined) throw new Error('refusing to create a tag with a digest reference');
  return { name: tag === undefined ? text : text.slice(0, -tag.length - 1), tag: tag ?? 'latest' };
}

/** A name to push, and its tag ('': none was said); throws with Docker's text. */
export function pushTarget(text: string): { name: string; tag: string } {
  const wrong = fault(text);
  if (wrong !== undefined) throw new Error(wrong);
  const [, tag, digest] = whole.exec(text) ?? [];
  if (digest !== undefined) throw new Error('cannot push a digest reference');
  return { name: tag === undefined ? text : text.slice(0, -tag.length - 1), tag: tag ?? '' };
}

/** The host of the registry that a name is of. */
export function registryOf(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const isHost = rest.length > 0 && (first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase());
  return isHost && first !== 'index.docker.io' ? first : 'docker.io';
}

/** What to pull: the name as it is asked for, its tag or digest if it has one, and all of it in its long form. */
export function pullName(text: string): { name: string; tag: string | undefined; full: string } {
  const wrong = /^[\da-f]{64}$/.test(text)
    ? `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`
    : fault(text);
  if (wrong !== undefined) throw new Error(wrong);
  const [, tag, digest] = whole.exec(text) ?? [];
  const at = text.indexOf('@');
  const bare = at < 0 ? text : text.slice(0, at);
  const name = tag === undefined ? bare : bare.slice(0, -tag.length - 1);
  const long = canonical(name);
  const full =
    digest === undefined ? (tag === undefined ? long : `${long}:${tag}`) : `${long}${text.slice(name.length)}`;
  return { name: familiar(long), tag: digest ?? tag, full };
}

function canonical(name: string): string {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const rest = isHost ? name.slice(slash + 1) : name;
  if (isHost && !/^(?:index\.)?docker\.io$/.test(first)) return name;
  return `docker.io/${rest.includes('/') ? rest : `library/${rest}`}`;
}

const familiar = (long: string): string => long.replace(/^docker\.io\/(?:library\/(?=[^/]+$))?/, '');
