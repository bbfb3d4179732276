/**
 * Dockerfiles: text to instructions ({@link parseDockerfile}), variables ({@link expandWord}), with the texts of
 * BuildKit's errors and checks. Pure: no I/O, no clock. Input is hostile: sizes, depth and work are bounded.
 */

export type * from './ast.ts';
export { DockerfileError } from './dockerfile-error.ts';
export type { Expansion, LexOptions } from './expand/lex.ts';
export { expandWord } from './expand/lex.ts';
export type { Lookup } from './expand/lookup.ts';
export { lookupIn } from './expand/lookup.ts';
export type { Finding, Report } from './finding.ts';
export { hasWildcard, matchesPath } from './ignore/glob.ts';
export { ignoreFileNames, readIgnoreFile } from './ignore/ignore-file.ts';
export type { Trail } from './ignore/path-patterns.ts';
export { PathPatterns } from './ignore/path-patterns.ts';
export type { Rule, RuleName } from './lint/rules.ts';
export { RULES } from './lint/rules.ts';
export type { Lines } from './location.ts';
export { mergeLines } from './location.ts';
export { detectSyntax, findDirective } from './parse/directives.ts';
export { chomped } from './parse/heredoc.ts';
export { LARGEST_DOCKERFILE, parseDockerfile, parseTrigger } from './parse/parse.ts';
