/** What Docker says of a rule. */
export interface Rule {
  readonly description: string;
  /** Absent for a rule without a page. */
  readonly url?: string;
  /** Reported only when asked for. */
  readonly isExperimental?: true;
}

const page = (name: string) => `https://docs.docker.com/go/dockerfile/rule/${name}/`;

/** BuildKit's checks, with its texts. */
export const RULES = {
  StageNameCasing: { description: 'Stage names should be lowercase', url: page('stage-name-casing') },
  FromAsCasing: {
    description: "The 'as' keyword should match the case of the 'from' keyword",
    url: page('from-as-casing'),
  },
  NoEmptyContinuation: {
    description: 'Empty continuation lines will become errors in a future release',
    url: page('no-empty-continuation'),
  },
  ConsistentInstructionCasing: {
    description: 'All commands within the Dockerfile should use the same casing (either upper or lower)',
    url: page('consistent-instruction-casing'),
  },
  DuplicateStageName: { description: 'Stage names should be unique', url: page('duplicate-stage-name') },
  ReservedStageName: {
    description: 'Reserved words should not be used as stage names',
    url: page('reserved-stage-name'),
  },
  JSONArgsRecommended: {
    description: 'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
    url: page('json-args-recommended'),
  },
  MaintainerDeprecated: {
    description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
    url: page('maintainer-deprecated'),
  },
  UndefinedArgInFrom: { description: 'FROM command must use declared ARGs', url: page('undefined-arg-in-from') },
  WorkdirRelativePath: {
    description:
      'Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes',
    url: page('workdir-relative-path'),
  },
  UndefinedVar: { description: 'Variables should be defined before their use', url: page('undefined-var') },
  MultipleInstructionsDisallowed: {
    description: 'Multiple instructions of the same type should not be used in the same stage',
    url: page('multiple-instructions-disallowed'),
  },
  LegacyKeyValueFormat: {
    description: 'Legacy key/value format with whitespace separator should not be used',
    url: page('legacy-key-value-format'),
  },
  InvalidBaseImagePlatform: { description: 'Base image platform does not match expected target platform' },
  RedundantTargetPlatform: {
    description: 'Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    url: page('redundant-target-platform'),
  },
  SecretsUsedInArgOrEnv: {
    description: 'Sensitive data should not be used in the ARG or ENV commands',
    url: page('secrets-used-in-arg-or-env'),
  },
  InvalidDefaultArgInFrom: {
    description: 'Default value for global ARG results in an empty or invalid base image name',
    url: page('invalid-default-arg-in-from'),
  },
  FromPlatformFlagConstDisallowed: {
    description: 'FROM --platform flag should not use a constant value',
    url: page('from-platform-flag-const-disallowed'),
  },
  CopyIgnoredFile: {
    description: 'Attempting to Copy file that is excluded by .dockerignore',
    url: page('copy-ignored-file'),
    isExperimental: true,
  },
  InvalidDefinitionDescription: {
    description:
      'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
    url: page('invalid-definition-description'),
    isExperimental: true,
  },
  ExposeProtoCasing: {
    description: 'Protocol in EXPOSE instruction should be lowercase',
    url: page('expose-proto-casing'),
  },
  ExposeInvalidFormat: {
    description:
      'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
    url: page('expose-invalid-format'),
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof RULES;
