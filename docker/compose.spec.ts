import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Service {
  image?: string;
  build?: { target: string };
  restart?: string;
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  logging?: { options: Record<string, string> };
  profiles?: string[];
  healthcheck?: object;
  deploy?: { replicas?: number; resources?: { limits: Record<string, string> } };
}

interface Compose {
  services: Record<string, Service>;
  secrets?: Record<string, { file: string }>;
}

const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];
const folder = import.meta.dirname;
const read = (name: string): Compose =>
  parse(readFileSync(join(folder, name), 'utf8'), {
    merge: true,
    customTags: [{ tag: '!reset', collection: 'seq', resolve: (value: unknown) => value }],
  }) as Compose;

describe('Compose', () => {
  const base = read('compose.yaml');
  const production = read('compose.prod.yaml');
  const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8');

  it.each(APPS)('runs %s from its image, without rights, within limits', (app) => {
    const service = base.services[app]!;
    expect(dockerfile).toMatch(new RegExp(`^FROM runtime AS ${service.build!.target}$`, 'm'));
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(Object.keys(service.deploy!.resources!.limits).sort()).toEqual(['cpus', 'memory']);
  });

  it('migrates and operates with the image of the command line', () => {
    expect(dockerfile).toMatch(/^FROM debian:\S+ AS cli$/m);
    for (const name of ['migrate', 'cli']) expect(base.services[name]!.build!.target).toBe('cli');
    expect(base.services['cli']).toMatchObject({ read_only: true, cap_drop: ['ALL'], profiles: ['cli'] });
  });

  it.each(['postgres', 'rabbitmq', 'redis', 'minio'])('waits until %s serves', (name) => {
    expect(base.services[name]!.healthcheck).toBeDefined();
    expect(base.services[name]!.image).toMatch(/:[\w.-]*\d/);
  });

  it('in production restarts everything, bounds its logs, and shows nginx alone to the world', () => {
    for (const [name, service] of Object.entries(production.services)) {
      expect([name, service.logging?.options]).toEqual([name, { 'max-size': '20m', 'max-file': '5' }]);
      if (!['cli', 'migrate', 'grafana-login'].includes(name))
        expect([name, service.restart]).toEqual([name, 'always']);
    }
    expect(Object.keys(base.services).filter((name) => !production.services[name])).toEqual(['bucket']);
    const shown = (compose: Compose) =>
      Object.keys(compose.services).filter((name) =>
        (compose.services[name]!.ports ?? []).some((port) => !port.startsWith('127.0.0.1:')),
      );
    expect([shown(base), shown(production)]).toEqual([['gateway'], ['nginx']]);
    expect(readFileSync(join(folder, 'compose.prod.yaml'), 'utf8')).toMatch(/^ {2}gateway:\n {4}ports: !reset \[\]$/m);
  });

  it('in production has two of each app, with secrets from files that are not in the environment', () => {
    for (const app of APPS) {
      const { deploy, environment, secrets } = production.services[app]!;
      expect(deploy!.replicas).toBe(2);
      expect(environment).toMatchObject({ ENVIRONMENT: 'production', JWT_SECRET: '', OPENAI_API_KEY: '' });
      for (const secret of secrets!) {
        expect(Object.values(environment!)).toContain(`/run/secrets/${secret}`);
        expect(production.secrets).toHaveProperty(secret);
      }
    }
  });

  it('watches over the suite when the profile monitoring is asked for, and scrapes every app where it serves', () => {
    const monitored = Object.keys(base.services).filter((name) =>
      base.services[name]!.profiles?.includes('monitoring'),
    );
    expect(monitored).toEqual(expect.arrayContaining(['prometheus', 'postgres-exporter', 'grafana-login', 'grafana']));
    for (const name of monitored) expect(base.services[name]!.image).toMatch(/:v?\d+\.\d+\.\d+/);
    const prometheus = parse(readFileSync(join(folder, 'prometheus/prometheus.yml'), 'utf8')) as {
      scrape_configs: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[];
    };
    const ports = prometheus.scrape_configs.flatMap(({ job_name: job, dns_sd_configs: found = [] }) =>
      found.map(({ names, port }) => [job, names, port]),
    );
    expect(ports).toEqual([
      ['gateway', ['gateway'], 9464],
      ['chat', ['chat'], 3002],
      ['memory', ['memory'], 3003],
      ['ingestion-worker', ['ingestion-worker'], 3004],
    ]);
    expect(base.services['gateway']!.environment!['METRICS_PORT']).toBe('9464');
    expect(dockerfile).toMatch(/PORT\?\?3002[^]*PORT\?\?3003[^]*PORT\?\?3004/);
  });

  it('gives nginx the files that are there', () => {
    for (const file of ['nginx.conf', 'gateway.conf', 'upstream.conf']) {
      expect(existsSync(join(folder, 'nginx', file))).toBe(true);
    }
    expect(production.services['nginx']!.volumes).toEqual(['./nginx:/etc/parley:ro', './tls:/etc/nginx/tls:ro']);
  });
});
