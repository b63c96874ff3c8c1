import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { IngestDocument } from '@parley/contracts';
import { parseAllDocuments } from 'yaml';
import { findKubectl, render } from './support/kubectl.js';
import { checkSchemas, type Manifest } from './support/schema-check.js';

jest.setTimeout(180_000);

const APPS = ['gateway', 'chat', 'memory', 'ingestion-worker'];
/** What the database must allow; see docs/deploy.md. Some are kept for migrations and people. */
const MAX_CONNECTIONS = 200;
const RESERVED_CONNECTIONS = 20;

interface Container {
  name: string;
  env?: { name: string; value?: string }[];
  resources: { requests: object; limits: object };
  securityContext: object;
  startupProbe?: object;
  livenessProbe?: { httpGet: { path: string } };
  readinessProbe?: { httpGet: { path: string } };
}
interface PodSpec {
  containers: Container[];
  securityContext: object;
  automountServiceAccountToken: boolean;
  terminationGracePeriodSeconds: number;
}

interface Template {
  metadata: { labels: Record<string, string> };
  spec: PodSpec;
}

const kubectl = await findKubectl();
if (!kubectl) console.warn('skipped: the rendered manifests: no kubectl here and none could be fetched (set KUBECTL)');
const describeRendered = kubectl ? describe : describe.skip;

describeRendered.each(['base', 'overlays/dev', 'overlays/production'])('k8s/%s', (overlay) => {
  let manifests: Manifest[];

  beforeAll(async () => {
    manifests = parseAllDocuments(await render(kubectl!, overlay)).map((document) => document.toJS() as Manifest);
  });

  const all = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  const named = (kind: string, name: string) => all(kind).find((manifest) => manifest.metadata.name === name);
  const apps = () => APPS.map((app) => named('Deployment', app)!);
  const podOf = (manifest: Manifest) => {
    const { template, jobTemplate } = manifest['spec'] as {
      template?: Template;
      jobTemplate?: { spec: { template: Template } };
    };
    return (template ?? jobTemplate!.spec.template).spec;
  };
  const setting = (pod: PodSpec, name: string) =>
    pod.containers[0]!.env!.find((variable) => variable.name === name)!.value!;

  it('fits the published schemas, without a field that they do not know', async () => {
    const { faults, unknown } = await checkSchemas(manifests);
    expect(faults).toEqual([]);
    // Of this operator no schema is published as a package.
    expect(unknown).toEqual(overlay === 'overlays/production' ? ['RabbitmqCluster rabbitmq'] : []);
  });

  it.each(APPS)('runs %s: Deployment, one autoscaler, disruption budget, spread over nodes', (app) => {
    const autoscalers = [named('HorizontalPodAutoscaler', app), named('ScaledObject', app)].filter(Boolean);
    expect(autoscalers).toHaveLength(1);
    expect(['autoscaling/v2', 'keda.sh/v1alpha1']).toContain(autoscalers[0]!.apiVersion);
    expect((autoscalers[0]!['spec'] as { scaleTargetRef: object }).scaleTargetRef).toMatchObject({ name: app });
    expect(named('PodDisruptionBudget', app)).toBeDefined();
    expect(podOf(named('Deployment', app)!)).toMatchObject({
      serviceAccountName: 'parley',
      topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }],
    });
  });

  it('has the migration Job, the Service, the Ingress and network policies that deny by default', () => {
    for (const [kind, name] of [
      ['Job', 'parley-migrate'],
      ['Service', 'gateway'],
      ['Ingress', 'parley'],
      ['NetworkPolicy', 'default-deny'],
    ]) {
      expect([name, named(kind!, name!)?.kind]).toEqual([name, kind]);
    }
  });

  it('lets the worker alone out to the internet, and to no private address', () => {
    const policies = all('NetworkPolicy').map(({ metadata, ...rest }) => ({ name: metadata.name, spec: rest['spec'] }));
    const web = policies.filter(({ spec }) => /"port":80[,}]/.test(JSON.stringify(spec)));
    expect(web).toMatchObject([
      { name: 'web-pages', spec: { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ingestion-worker' } } } },
    ]);
    for (const block of ['10.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'])
      expect(JSON.stringify(web)).toContain(`"${block}"`);
    const toAnywhere = policies.filter(
      ({ name, spec }) =>
        !['postgres', 'rabbitmq'].includes(name) &&
        /"port":443/.test(JSON.stringify(spec)) &&
        !/ipBlock/.test(JSON.stringify(spec)),
    );
    expect(toAnywhere).toMatchObject([
      { name: 'backup', spec: { podSelector: { matchLabels: { 'app.kubernetes.io/component': 'backup' } } } },
      { spec: { podSelector: { matchExpressions: [{ operator: 'NotIn', values: ['ingestion-worker'] }] } } },
    ]);
  });

  it.each(['backup', 'retention'])(
    'runs %s at night, one at a time, with an end, and as the migration sees the database',
    (name) => {
      const job = named('CronJob', `parley-${name}`)!;
      expect(job['spec']).toMatchObject({
        schedule: expect.stringMatching(/^\d+ [2-4] \* \* \*$/),
        concurrencyPolicy: 'Forbid',
        jobTemplate: { spec: { backoffLimit: 2, activeDeadlineSeconds: expect.any(Number) } },
      });
      const [container] = podOf(job).containers;
      const [database, ...others] = container!.env as { name: string; value?: string; valueFrom?: object }[];
      const migration = podOf(named('Job', 'parley-migrate')!).containers[0]!.env![0];
      expect(database).toEqual(migration);
      for (const { value, valueFrom } of others) expect([value, valueFrom]).toEqual([undefined, expect.anything()]);
      const { labels } = (job['spec'] as { jobTemplate: { spec: { template: Template } } }).jobTemplate.spec.template
        .metadata;
      const policy = JSON.stringify(named('NetworkPolicy', 'operations')!['spec']);
      expect(policy).toContain(`"${labels['app.kubernetes.io/component']}"`);
      expect(policy).toContain('"port":5432');
    },
  );

  it('asks three different questions by its probes', () => {
    for (const manifest of apps()) {
      const [container] = podOf(manifest).containers;
      expect(container!.startupProbe).toBeDefined();
      expect(container!.livenessProbe!.httpGet.path).toBe('/health/live');
      expect(container!.readinessProbe!.httpGet.path).toBe('/health/ready');
    }
  });

  it('gives no pod more than it needs', () => {
    for (const manifest of [...apps(), ...all('Job'), ...all('CronJob')]) {
      const pod = podOf(manifest);
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).toMatchObject({
          requests: { cpu: expect.anything(), memory: expect.anything() },
          limits: { memory: expect.anything() },
        });
      }
    }
  });

  it('stops by itself before Kubernetes would kill it', () => {
    for (const manifest of apps()) {
      const pod = podOf(manifest);
      expect(Number(setting(pod, 'SHUTDOWN_TIMEOUT_MS'))).toBeLessThan((pod.terminationGracePeriodSeconds - 5) * 1000);
    }
  });

  it('never opens more database connections than there are', () => {
    const wanted = [...all('HorizontalPodAutoscaler'), ...all('ScaledObject')].map((scaler) => {
      const spec = scaler['spec'] as { maxReplicas?: number; maxReplicaCount?: number };
      return (
        (spec.maxReplicas ?? spec.maxReplicaCount)! *
        Number(setting(podOf(named('Deployment', scaler.metadata.name)!), 'DATABASE_POOL_SIZE'))
      );
    });
    expect(wanted.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(MAX_CONNECTIONS - RESERVED_CONNECTIONS);
  });

  it('names every image by a version', () => {
    for (const manifest of [...apps(), ...all('Job'), ...all('CronJob')]) {
      for (const container of podOf(manifest).containers) {
        expect((container as unknown as { image: string }).image).toMatch(/:\d+\.\d+\.\d+$/);
      }
    }
  });
});

describeRendered('k8s/overlays/production', () => {
  let manifests: Manifest[];
  beforeAll(async () => {
    const text = await render(kubectl!, 'overlays/production');
    manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  });
  const spec = <T>(kind: string, name: string) =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)?.['spec'] as T;

  it('scales the worker by the documents that wait, and the chat service by answers under way', () => {
    const worker = spec<{ triggers: object[] }>('ScaledObject', 'ingestion-worker');
    const queueName = `parley.${IngestDocument.name}`;
    expect(worker.triggers).toMatchObject([{ type: 'rabbitmq', metadata: { queueName, mode: 'QueueLength' } }]);
    const chat = spec<{ triggers: { metadata: { query?: string } }[] }>('ScaledObject', 'chat');
    expect(chat.triggers[0]!.metadata.query).toContain('parley_active_runs');
  });

  it('keeps the database on three instances, archived to go back to any moment', () => {
    const cluster = spec<{ postgresql: { parameters: Record<string, string> } }>('Cluster', 'postgres');
    expect(cluster).toMatchObject({ instances: 3, backup: { retentionPolicy: '30d', barmanObjectStore: {} } });
    expect(Number(cluster.postgresql.parameters['max_connections'])).toBe(MAX_CONNECTIONS);
    expect(spec('ScheduledBackup', 'postgres')).toMatchObject({ cluster: { name: 'postgres' } });
    expect(spec('RabbitmqCluster', 'rabbitmq')).toMatchObject({ replicas: 3 });
  });

  it('gives the apps the logins that the operators make, and all other secrets from the secret manager', () => {
    const env = spec<{ template: { spec: PodSpec } }>('Deployment', 'chat').template.spec.containers[0]!.env;
    const from = (secret: string, key: string) => ({ valueFrom: { secretKeyRef: { name: secret, key } } });
    expect(env).toContainEqual({ name: 'DATABASE_URL', ...from('postgres-app', 'uri') });
    expect(env).toContainEqual({ name: 'RABBITMQ_URL', ...from('rabbitmq-default-user', 'connection_string') });
    expect(spec('ExternalSecret', 'parley')).toBeDefined();
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it('has every dashboard where the sidecar of Grafana finds it', () => {
    const found = manifests.filter(
      ({ kind, metadata }) => kind === 'ConfigMap' && labelsOf(metadata)['grafana_dashboard'] === '1',
    );
    const data = found.flatMap((map) => Object.entries(map['data'] as Record<string, string>));
    expect(data.map(([name]) => name.replace('.json', '')).sort()).toEqual(
      data.map(([, text]) => (JSON.parse(text) as { uid: string }).uid.replace('parley-', '')).sort(),
    );
    expect(data).toHaveLength(7);
    // kubectl apply keeps the whole object in an annotation, which holds 256 KiB.
    for (const map of found) expect(JSON.stringify(map).length).toBeLessThan(250_000);
  });

  it('lets Prometheus read every app', () => {
    const ports = (app: string) =>
      spec<{ template: { spec: { containers: { ports: { name: string; containerPort: number }[] }[] } } }>(
        'Deployment',
        app,
      ).template.spec.containers[0]!.ports;
    const pods = spec<{ selector: { matchExpressions: { values: string[] }[] } }>('PodMonitor', 'parley');
    expect(spec('ServiceMonitor', 'gateway')).toMatchObject({ endpoints: [{ port: 'metrics' }] });
    expect(['gateway', ...pods.selector.matchExpressions[0]!.values].sort()).toEqual([...APPS].sort());
    const allowed = JSON.stringify(spec('NetworkPolicy', 'metrics'));
    for (const app of APPS) {
      const port = ports(app).find(({ name }) => name === (app === 'gateway' ? 'metrics' : 'http'))!;
      expect(allowed).toContain(`"port":${port.containerPort}`);
    }
  });
});

describeRendered('k8s/components/gateway-canary, listed first in production', () => {
  let manifests: Manifest[];
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-canary-'));
    try {
      for (const part of ['k8s', 'docker']) {
        await cp(join(import.meta.dirname, '..', part), join(folder, part), { recursive: true });
      }
      const file = join(folder, 'k8s/overlays/production/kustomization.yaml');
      const production = await readFile(file, 'utf8');
      await writeFile(file, production.replace('components:\n', 'components:\n  - ../../components/gateway-canary\n'));
      const text = await render(kubectl!, 'overlays/production', join(folder, 'k8s'));
      manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  const named = <T>(kind: string, name: string) =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name) as Manifest & { spec: T };
  interface Workload {
    replicas?: number;
    selector: { matchLabels: Record<string, string> };
    template: { metadata: object; spec: PodSpec };
  }

  it('fits the published schemas', async () => {
    expect((await checkSchemas(manifests)).faults).toEqual([]);
  });

  it('is one gateway more with the settings of the others, that no selector of theirs takes for one', () => {
    const [stable, canary] = ['gateway', 'gateway-canary'].map((name) => named<Workload>('Deployment', name).spec);
    expect(canary!.replicas).toBe(1);
    const variables = ({ template }: Workload) => template.spec.containers[0]!.env!.map(({ name }) => name).sort();
    expect(variables(canary!)).toEqual(variables(stable!));
    expect(variables(canary!)).toEqual(expect.arrayContaining(['DATABASE_URL', 'RABBITMQ_URL']));
    expect(canary!.template.spec.containers[0]).toMatchObject({
      envFrom: (stable!.template.spec.containers[0] as unknown as { envFrom: object }).envFrom,
    });
    expect(labelsOf(canary!.template.metadata)).toMatchObject(canary!.selector.matchLabels);
    const own = { 'app.kubernetes.io/name': 'gateway-canary' };
    expect(canary!.selector.matchLabels).toEqual(own);
    expect(named<{ selector: object }>('Service', 'gateway-canary').spec.selector).toEqual(own);
    expect(named<{ selector: object }>('Service', 'gateway').spec.selector).toEqual(stable!.selector.matchLabels);
    expect(named<{ podSelector: object }>('NetworkPolicy', 'gateway-canary').spec.podSelector).toEqual({
      matchLabels: own,
    });
  });

  it('gets the share of the requests that its Ingress says, for the same host and with the same limits', () => {
    const [stable, canary] = ['parley', 'gateway-canary'].map((name) =>
      named<{ rules: { host: string }[] }>('Ingress', name),
    );
    const annotations = ({ metadata }: Manifest) =>
      (metadata as unknown as { annotations: Record<string, string> }).annotations;
    const prefix = 'nginx.ingress.kubernetes.io/';
    expect(annotations(canary!)).toMatchObject({
      [`${prefix}canary`]: 'true',
      [`${prefix}canary-weight`]: '0',
      [`${prefix}canary-by-header`]: 'X-Parley-Canary',
    });
    const limits = (manifest: Manifest) =>
      Object.entries(annotations(manifest)).filter(([name]) => name.startsWith(`${prefix}proxy-`));
    expect(limits(canary!)).toEqual(limits(stable!));
    expect(canary!.spec.rules).toMatchObject([
      { host: stable!.spec.rules[0]!.host, http: { paths: [{ backend: { service: { name: 'gateway-canary' } } }] } },
    ]);
  });
});

function labelsOf(metadata: object): Record<string, string> {
  return (metadata as { labels?: Record<string, string> }).labels ?? {};
}

describe('the schema check itself', () => {
  it('finds a field that the schema does not know', async () => {
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'x' },
      automountServiceAccountTokens: false,
    };
    const scaled = {
      ...{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'y' } },
      spec: { scaleTargetRef: { name: 'y' }, triggers: [], maxReplicas: 3 },
    };
    const other = { apiVersion: 'example.com/v1', kind: 'Other', metadata: { name: 'z' } };
    expect(await checkSchemas([account, scaled, other])).toEqual({
      faults: [expect.stringContaining('automountServiceAccountTokens'), expect.stringContaining('maxReplicas')],
      unknown: ['Other z'],
    });
  });
});
