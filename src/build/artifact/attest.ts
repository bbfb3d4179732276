import type { Base } from '../bases.ts';
import type { Build } from '../build.ts';
import type { Cacheable } from '../cache/export-caches.ts';
import type { Context } from '../context.ts';
import { attestationsOf } from './attestations.ts';
import { PREDICATES, provenance } from './provenance.ts';
import { findScanner } from './scanner.ts';
import type { Statement } from './statement.ts';

/** Judges what a result is to be attested by, before anything is built. */
export async function checkAttestations(context: Context, build: Build): Promise<void> {
  const { scanner } = attestationsOf(build.request);
  if (scanner !== undefined) await findScanner(context, build, scanner);
}

/** What is said of a result: how it was built, if that is asked for. */
export function statementsOf(
  { request, inputs, id, startedAt }: Build,
  { graph, results }: Cacheable,
  bases: ReadonlyMap<number, Base>,
): Statement[] {
  const { provenance: asked } = attestationsOf(request);
  if (!asked) return [];
  const steps = graph.stages.flatMap((stage) => stage.steps).map((step) => results.get(step));
  const predicate = provenance(
    {
      ...{ graph, request, id, startedAt, finishedAt: new Date() },
      materials: [...bases.values()].flatMap(({ material }) => (material ? [material] : [])),
      dockerfile: { name: inputs.dockerfileName, data: inputs.dockerfile },
      steps: steps.map((result) => ({
        layers: result ? [...result.before, ...(result.layer ? [result.layer] : [])] : [],
      })),
      platform: graph.target.image.platform,
    },
    asked,
  );
  return [{ predicateType: PREDICATES[asked.version], predicate }];
}
