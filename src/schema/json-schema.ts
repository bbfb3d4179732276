import type { Schema } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema (OpenAPI 3.1) of what a client may send; Go types with a package become references, collected in `named`. */
export function toJsonSchema(schema: Schema, named: Map<string, JsonSchema>): JsonSchema {
  switch (schema.kind) {
    case 'string':
      return { type: 'string' };
    case 'bool':
      return { type: 'boolean' };
    case 'int':
      return { type: 'integer', ...(schema.min === 0n ? { minimum: 0 } : {}) };
    case 'float':
      return { type: 'number' };
    case 'any':
      return {};
    case 'words':
      return { type: ['array', 'string', 'null'], items: { type: 'string' } };
    case 'array':
      return { type: ['array', 'null'], items: toJsonSchema(schema.item, named) };
    case 'tuple':
      return { type: 'array', maxItems: schema.length, items: toJsonSchema(schema.item, named) };
    case 'map':
      return { type: ['object', 'null'], additionalProperties: toJsonSchema(schema.item, named) };
    case 'nullable':
      return { anyOf: [toJsonSchema(schema.item, named), { type: 'null' }] };
    case 'optional':
      return toJsonSchema(schema.item, named);
    case 'object':
      return objectSchema(schema, named);
  }
}

function objectSchema(schema: Extract<Schema, { kind: 'object' }>, named: Map<string, JsonSchema>): JsonSchema {
  const reference = { $ref: `#/components/schemas/${schema.go}` };
  const isNamed = schema.go.includes('.');
  if (named.has(schema.go)) return reference;
  if (isNamed) named.set(schema.go, {});
  const fields = Object.entries(schema.fields).map(([name, field]) => [name, toJsonSchema(field, named)] as const);
  const whole = { type: 'object', properties: Object.fromEntries(fields) };
  if (!isNamed) return whole;
  named.set(schema.go, whole);
  return reference;
}
