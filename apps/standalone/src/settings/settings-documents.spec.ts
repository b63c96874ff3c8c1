import { describe, expect, it } from '@jest/globals';
import { type Setting } from './settings.js';
import { configurationTable, envExample } from './settings-documents.js';

const setting = (fields: Partial<Setting>): Setting => ({
  property: 'x',
  names: ['X'],
  description: 'What it is',
  parse: (text) => text,
  apps: ['gateway'],
  ...fields,
});

describe('what is generated from the settings', () => {
  it('shows required ones to be filled in and all others commented out', () => {
    const text = envExample([
      setting({ names: ['A'], example: 'fill me in' }),
      setting({ names: ['B', 'OLD_B'], default: ['x', 'y'] }),
    ]);
    expect(text).toContain('\nA=fill me in\n');
    expect(text).toContain('\n# B=x,y\n');
  });

  it('never writes the default of a secret that is optional', () => {
    expect(envExample([setting({ names: ['KEY'], optional: true, secret: true })])).toContain('# KEY=\n');
  });

  it('lists every name, the default and who reads it', () => {
    const apps = ['gateway', 'chat', 'memory', 'ingestion-worker'];
    const table = configurationTable([setting({ names: ['B', 'OLD_B'], default: 1 }), setting({ apps, secret: true })]);
    expect(table).toContain('| `B`<br>`OLD_B` | What it is | `1` | gateway |');
    expect(table).toContain('| `X` | What it is (secret) | **required** | all |');
  });
});
