import type { FoundBase, PlanOptions, WantedBase } from '#dockerfile';
import {
  applyPlan,
  checkConfig,
  checkDocument,
  checkStatus,
  checkText,
  DockerfileError,
  Findings,
  outlineDocument,
  outlineText,
  PathPatterns,
  parseDockerfile,
  planBuild,
  readIgnoreFile,
  targetsDocument,
  targetsText,
} from '#dockerfile';
import { notImplemented } from '#errdefs';
import { hostPlatform, parsePlatform } from '#oci';
import { prefixed } from './attributes.ts';
import type { BuildDefinition } from './definition.ts';

/** Finds what is here of a base; undefined: nothing. */
export type FindBase = (wanted: WantedBase) => Promise<FoundBase | undefined>;

/** What can be asked of a Dockerfile besides building it, by BuildKit's names. */
const QUESTIONS = {
  'frontend.subrequests.describe': 'List available subrequest types',
  'frontend.outline': 'List all parameters current build target supports',
  'frontend.targets': 'List all targets current build supports',
  'frontend.lint': 'Lint a Dockerfile',
} as const;

const VERSION = '1.0.0';

interface Answer {
  readonly document: unknown;
  readonly text: string;
  readonly status?: number;
}

/** Answers a question about a Dockerfile, as metadata of a result. */
export async function describe(
  request: string,
  definition: BuildDefinition,
  { attributes, findBase }: { attributes: ReadonlyMap<string, string>; findBase: FindBase },
): Promise<Map<string, Uint8Array>> {
  const { document, text, status } = await answer(request, definition, { attributes, findBase });
  const metadata = {
    'result.json': JSON.stringify(document, null, '  '),
    'result.txt': text,
    ...(status === undefined ? {} : { 'result.statuscode': String(status) }),
    version: VERSION,
  };
  return new Map(Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value)]));
}

type Asked = { attributes: ReadonlyMap<string, string>; findBase: FindBase };

async function answer(request: string, definition: BuildDefinition, asked: Asked): Promise<Answer> {
  const source = Buffer.from(definition.dockerfile).toString();
  const findings = new Findings(checkConfig(source, prefixed(asked.attributes, 'build-arg:')));
  switch (request as keyof typeof QUESTIONS) {
    case 'frontend.subrequests.describe':
      return questions();
    case 'frontend.targets': {
      const document = targetsDocument(parseDockerfile(definition.dockerfile, findings.report));
      return { document, text: targetsText(document) };
    }
    case 'frontend.outline': {
      const document = outlineDocument(await plan(definition, asked, findings));
      return { document, text: outlineText(document) };
    }
    case 'frontend.lint':
      return await check(definition, asked, { findings, source });
    default:
      throw notImplemented(`unsupported request ${JSON.stringify(request)}`);
  }
}

function questions(): Answer {
  const document = Object.entries(QUESTIONS).map(([name, description]) => ({
    ...{ name, version: VERSION, type: 'rpc', description, opts: [], inputs: [], refs: [] },
    metadata: [{ name: 'result.json' }, { name: 'result.txt' }],
  }));
  return { document, text: document.map(({ name, description }) => `${name}  ${VERSION}  ${description}\n`).join('') };
}

async function check(
  definition: BuildDefinition,
  asked: Asked,
  { findings, source }: { findings: Findings; source: string },
): Promise<Answer> {
  let error: DockerfileError | undefined;
  try {
    await plan(definition, asked, findings, { allStages: true });
  } catch (fault) {
    if (!(fault instanceof DockerfileError)) throw fault;
    error = fault;
  }
  const checked = { filename: definition.name, source, findings, ...(error && { error }) };
  return { document: checkDocument(checked), text: checkText(checked), status: checkStatus(checked) };
}

/** A base that is not here is taken as empty: questions need no registry. */
async function plan(
  definition: BuildDefinition,
  { attributes, findBase }: Asked,
  findings: Findings,
  more: Partial<PlanOptions> = {},
) {
  const { dockerignore } = definition;
  const platform = attributes.get('platform')?.split(',')[0];
  const target = attributes.get('target');
  const contexts = new Set(prefixed(attributes, 'context:').keys());
  const options: PlanOptions = {
    buildPlatform: hostPlatform(),
    ...(platform ? { targetPlatform: parsePlatform(platform) } : {}),
    ...(target ? { target } : {}),
    ...(dockerignore ? { ignored: new PathPatterns(readIgnoreFile(dockerignore)) } : {}),
    buildArgs: prefixed(attributes, 'build-arg:'),
    contexts,
    ...more,
  };
  const made = planBuild(definition.dockerfile, options, findings);
  for (let wanted = made.wanted(); wanted.length > 0; wanted = made.wanted()) {
    for (const base of wanted) made.found(base, (await findBase(base)) ?? {});
  }
  applyPlan(made);
  return made;
}
