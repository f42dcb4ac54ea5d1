import { z } from 'zod';

type Json = Record<string, unknown>;

/** A query or path parameter, without its place. */
interface Field {
  name: string;
  required: boolean;
  schema: unknown;
}

/** Turns schemas into JSON Schema; those with a name are told once, and the others point at them. */
export class Schemas {
  readonly #names = z.registry<{ id: string }>();
  readonly #components = new Map<string, unknown>();

  constructor(shared: Readonly<Record<string, z.ZodType>>) {
    for (const [id, schema] of Object.entries(shared)) this.#names.add(schema, { id });
  }

  /** Components so far, by name. */
  all(): Json {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * @param name for what of it cannot be written in place, as it contains itself
   * @param io which side of a schema that transforms
   */
  of(name: string, schema: z.ZodType, io: 'input' | 'output'): unknown {
    const {
      $schema: _dialect,
      $defs: defs = {},
      ...root
    } = z.toJSONSchema(schema, {
      io,
      metadata: this.#names,
      // What JSON cannot say (a transform's result) may be anything.
      unrepresentable: 'any',
    });
    // What is taken may differ from what is given: defaults.
    const rename = (id: string) => (id.startsWith('__') ? name + id : io === 'input' ? `${id}Input` : id);
    const point = (value: unknown): unknown => pointElsewhere(value, rename, name);
    for (const [id, definition] of Object.entries(defs)) this.#components.set(rename(id), point(definition));
    const pointed = point(root);
    if (!JSON.stringify(root).includes('"$ref":"#"')) return pointed;
    this.#components.set(name, pointed);
    return { $ref: `#/components/schemas/${name}` };
  }

  /** The fields of an object, each by itself. */
  fields(name: string, schema: z.ZodType): Field[] {
    const { properties = {}, required = [] } = this.of(name, schema, 'input') as {
      properties?: Json;
      required?: string[];
    };
    return Object.entries(properties).map(([field, each]) => ({
      name: field,
      required: required.includes(field),
      schema: each,
    }));
  }
}

/** The same, with references to the components of the whole document. */
function pointElsewhere(value: unknown, rename: (id: string) => string, root: string): unknown {
  if (Array.isArray(value)) return value.map((each) => pointElsewhere(each, rename, root));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // The name of a shared schema; an `id` says another thing to readers of JSON Schema.
      .filter(([key, each]) => key !== 'id' || typeof each === 'object')
      .map(([key, each]) => {
        if (key !== '$ref' || typeof each !== 'string') return [key, pointElsewhere(each, rename, root)];
        const id = each.startsWith('#/$defs/') ? rename(each.slice('#/$defs/'.length)) : root;
        return [key, `#/components/schemas/${id}`];
      }),
  );
}
