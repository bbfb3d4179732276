/**
 * Dockerfiles: text to instructions ({@link parseDockerfile}), instructions to the steps and images of a build
 * ({@link planBuild}, then {@link applyPlan}), .dockerignore ({@link PathPatterns}), checks and outlines; with the texts of
 * BuildKit's errors and checks. Pure: no I/O, no clock. Input is hostile: sizes, depth and work are bounded.
 */

export type * from './ast.ts';
export type { CheckDocument, CheckedSource } from './call/check.ts';
export { checkDocument, checkStatus, checkText, findingLine } from './call/check.ts';
export { excerpt } from './call/excerpt.ts';
export type { OutlineDocument } from './call/outline.ts';
export { outlineDocument, outlineText } from './call/outline.ts';
export type { TargetsDocument } from './call/targets.ts';
export { targetsDocument, targetsText } from './call/targets.ts';
export { healthConfig, withVariable } from './dispatch/metadata.ts';
export { exposedPorts } from './dispatch/ports.ts';
export type * from './dispatch/result.ts';
export { secretId } from './dispatch/run.ts';
export { DockerfileError } from './dockerfile-error.ts';
export type { Expansion, LexOptions } from './expand/lex.ts';
export { expandWord } from './expand/lex.ts';
export type { Lookup } from './expand/lookup.ts';
export { lookupIn } from './expand/lookup.ts';
export type { RunMount } from './expand/mounts.ts';
export type { FileMode, ModeChange } from './file-mode.ts';
export { applyFileMode, parseFileMode } from './file-mode.ts';
export type { Finding, Report } from './finding.ts';
export type { GitSource } from './git-source.ts';
export { isHttpSource, parseGitSource } from './git-source.ts';
export { hasWildcard, matchesPath } from './ignore/glob.ts';
export { ignoreFileNames, readIgnoreFile } from './ignore/ignore-file.ts';
export type { Trail } from './ignore/path-patterns.ts';
export { PathPatterns } from './ignore/path-patterns.ts';
export type { CheckConfig } from './lint/findings.ts';
export { checkConfig, Findings } from './lint/findings.ts';
export type { Rule, RuleName } from './lint/rules.ts';
export { RULES } from './lint/rules.ts';
export type { Lines } from './location.ts';
export { mergeLines } from './location.ts';
export { detectSyntax, findDirective } from './parse/directives.ts';
export { FLAGS } from './parse/flag-table.ts';
export { chomped } from './parse/heredoc.ts';
export { isOwnSyntax } from './parse/own-syntax.ts';
export { LARGEST_DOCKERFILE, parseDockerfile, parseInstructions } from './parse/parse.ts';
export type { BuildGraph, BuildStage } from './plan/apply-plan.ts';
export { applyPlan } from './plan/apply-plan.ts';
export type { BuildPlan, FoundBase, WantedBase } from './plan/build-plan.ts';
export { contextPaths } from './plan/context-paths.ts';
export { proxyVariables } from './plan/global-args.ts';
export type { PlanOptions } from './plan/options.ts';
export { planBuild } from './plan/plan-build.ts';
export { isSignal } from './signal.ts';
