import { describe, expect, it } from '@jest/globals';
import * as contracts from './index.js';
import { defineEvent, EVERY_APP, type MessageDefinition, ownerOf } from './message-definition.js';

const exported: unknown[] = Object.values(contracts);
const definitions = exported.filter(
  (value): value is MessageDefinition =>
    typeof value === 'object' && value !== null && 'kind' in value && 'name' in value,
);

describe('message definitions', () => {
  it('have names of their own, each owned by an app', () => {
    const names = definitions.map((definition) => definition.name);
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
    for (const definition of definitions)
      expect(['chat', 'memory', 'ingestion-worker', EVERY_APP]).toContain(ownerOf(definition));
  });

  it('are refused under a name without owner or version', () => {
    class Payload {}
    expect(() => defineEvent({ name: 'document-indexed', payload: Payload })).toThrow(TypeError);
    expect(() => defineEvent({ name: 'memory.DocumentIndexed.v1', payload: Payload })).toThrow(TypeError);
  });
});
