import { randomInt } from 'node:crypto';
import { invalid } from '#errdefs';

const VALID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
/** Docker: six random names are tried, all but the first with a digit behind; then the short id is taken. */
const TRIES = 6;

const ADJECTIVES =
  'able airy amber ample apt azure bold brave breezy bright brisk calm candid careful cheery civil clear clever cosy ' +
  'crisp curious dapper daring deft devout eager early earnest easy fair faithful fast fearless fine fleet fond frank ' +
  'fresh gentle glad golden graceful grand happy hardy hearty honest hopeful humble ideal jolly jovial keen kind lively ' +
  'loyal lucid lucky mellow merry mild modest neat nimble noble patient placid polite prompt proud quick quiet rapid ' +
  'ready robust serene sharp silent smart snug sober solid steady stoic subtle sunny swift tender thrifty tidy tranquil ' +
  'true upbeat vivid warm wise witty worthy zealous';
const SURNAMES =
  'abel adleman agnesi ampere archimedes avogadro babbage backus banach becquerel bell bernoulli berzelius bohr boltzmann ' +
  'boole borg brahe braun cantor carson cauchy cavendish cerf chandrasekhar church clarke copernicus coulomb crick curie ' +
  'dalton darwin descartes dijkstra dirac edison ehrlich einstein engelbart erdos euclid euler faraday fermat fermi ' +
  'feynman fibonacci fleming floyd fourier franklin galileo galois gauss germain goedel goodall hahn hamilton hamming ' +
  'heisenberg hertz hilbert hodgkin hopper hubble huygens hypatia joule kepler kernighan khayyam knuth kovalevskaya ' +
  'lagrange lamarr laplace leavitt leibniz liskov lorentz lovelace maxwell mcclintock meitner mendel mendeleev milner ' +
  'naur newell newton nobel noether ohm oppenheimer pascal pasteur pauling perlman planck poincare ramanujan ride ' +
  'ritchie rubin rutherford sagan salk shannon sinoussi stallman tesla thompson torvalds turing volta watt wiles wirth wu';

const adjectives = ADJECTIVES.split(' ');
const surnames = SURNAMES.split(' ');

/** The name without its slash; one with other characters, or of one character, is refused. */
export function parseName(name: string): string {
  const bare = name.startsWith('/') ? name.slice(1) : name;
  if (!VALID.test(bare)) {
    throw invalid(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return bare;
}

/** A free random name `adjective_surname`; `fallback` when six were taken. */
export function freeName(isTaken: (name: string) => boolean, fallback: string): string {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const name = `${pick(adjectives)}_${pick(surnames)}${attempt === 0 ? '' : randomInt(10)}`;
    if (!isTaken(name)) return name;
  }
  return fallback;
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)]!;
}
