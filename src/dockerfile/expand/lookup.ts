/** The value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

export const NOTHING_SET: Lookup = () => undefined;

/** Variables by name, none of them a property that all objects have. */
export function lookupIn(variables: ReadonlyMap<string, string>): Lookup {
  return (name) => variables.get(name);
}
