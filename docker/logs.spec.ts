import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

const folder = import.meta.dirname;
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const logging = read('../libs/observability/src/logging.ts');
/** Labels of Loki: each value of one makes a stream. Services, apps and levels are few. */
const LABELS = ['app', 'level', 'service'];

interface Service {
  image?: string;
  profiles?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  deploy?: { resources: { limits: object } };
}

describe('The recipes for logs', () => {
  const { services, volumes } = parse(read('compose.logs.yaml'), { merge: true }) as {
    services: Record<string, Service>;
    volumes: object;
  };
  const alloy = read('logs/alloy.config');

  it('mount files that are there, run only when asked for, by a version and within limits', () => {
    const own = Object.values(services).filter(({ image }) => image !== undefined);
    expect(own).toHaveLength(4);
    for (const { image, profiles, deploy, volumes: mounts = [] } of own) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
      expect([['logs'], ['elk']]).toContainEqual(profiles);
      expect(deploy?.resources.limits).toBeDefined();
      const sources = mounts.map((mount) => mount.split(':')[0]!);
      expect(sources.filter((source) => source.startsWith('./') && !existsSync(join(folder, source)))).toEqual([]);
      expect(sources.filter((source) => /^\w/.test(source) && !(source in volumes))).toEqual([]);
    }
  });

  it('give every app the collector', () => {
    for (const app of ['gateway', 'chat', 'memory', 'ingestion-worker']) {
      expect(services[app]?.environment?.['OTEL_EXPORTER_OTLP_ENDPOINT']).toContain('http://tempo:4318');
    }
    expect(parse(read('logs/tempo.yaml'))).toMatchObject({
      distributor: { receivers: { otlp: { protocols: { http: { endpoint: '0.0.0.0:4318' } } } } },
    });
  });

  it('label lines with what is bounded alone', () => {
    const [, labels] = /stage\.labels \{\s*values = \{([^}]*)\}/.exec(alloy)!;
    const names = [...labels!.matchAll(/(\w+) =/g)].map(([, name]) => name!);
    const targets = [...alloy.matchAll(/target_label\s*= "(\w+)"/g)].map(([, name]) => name!);
    expect([...names, ...targets].sort()).toEqual(LABELS);
    expect(parse(read('logs/loki.yaml'))).toMatchObject({ limits_config: { allow_structured_metadata: true } });
  });

  it('know the fields that lines have', () => {
    const [, expressions] = /expressions = \{([^}]*)\}/.exec(alloy)!;
    const asked = [...expressions!.matchAll(/= "(\w+)"/g)].map(([, field]) => field!);
    const renamed = [...read('logs/filebeat.yaml').matchAll(/from: parley\.(\w+)/g)].map(([, field]) => field!);
    expect(new Set(asked)).toEqual(new Set(renamed));
    for (const field of asked) expect(logging).toMatch(new RegExp(`\\b${field}\\b`));
  });

  it('lead from a line to its trace and back', () => {
    const { datasources } = parse(read('grafana/provisioning/datasources/logs.yaml')) as {
      datasources: { uid: string; jsonData: object }[];
    };
    const [loki, tempo] = datasources;
    expect(loki).toMatchObject({
      uid: 'loki',
      jsonData: { derivedFields: [{ matcherRegex: 'trace_id', datasourceUid: 'tempo' }] },
    });
    expect(tempo).toMatchObject({ uid: 'tempo', jsonData: { tracesToLogsV2: { datasourceUid: 'loki' } } });
    expect(parse(read('logs/filebeat.yaml'))).toHaveProperty(['output.elasticsearch']);
  });
});
