import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { findKubectl, render } from './support/kubectl.js';
import { type Manifest, schemaFaults } from './support/schema-check.js';

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

const kubectl = await findKubectl();
if (!kubectl) console.warn('skipped: the rendered manifests: no kubectl here and none could be fetched (set KUBECTL)');
const describeRendered = kubectl ? describe : describe.skip;

describeRendered.each(['base', 'overlays/production'])('k8s/%s', (overlay) => {
  let manifests: Manifest[];

  beforeAll(async () => {
    manifests = parseAllDocuments(await render(kubectl!, overlay)).map((document) => document.toJS() as Manifest);
  });

  const all = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  const named = (kind: string, name: string) => all(kind).find((manifest) => manifest.metadata.name === name);
  const podOf = (manifest: Manifest) => (manifest['spec'] as { template: { spec: PodSpec } }).template.spec;
  const setting = (pod: PodSpec, name: string) =>
    pod.containers[0]!.env!.find((variable) => variable.name === name)!.value!;

  it('fits the published schemas, without a field that they do not know', async () => {
    expect(await schemaFaults(manifests)).toEqual([]);
  });

  it.each(APPS)('runs %s: Deployment, autoscaler, disruption budget', (app) => {
    expect(named('Deployment', app)).toBeDefined();
    expect(named('HorizontalPodAutoscaler', app)?.apiVersion).toBe('autoscaling/v2');
    expect(named('PodDisruptionBudget', app)).toBeDefined();
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
      ({ spec }) => /"port":443/.test(JSON.stringify(spec)) && !/ipBlock/.test(JSON.stringify(spec)),
    );
    expect(toAnywhere).toMatchObject([
      { spec: { podSelector: { matchExpressions: [{ operator: 'NotIn', values: ['ingestion-worker'] }] } } },
    ]);
  });

  it('asks three different questions by its probes', () => {
    for (const manifest of all('Deployment')) {
      const [container] = podOf(manifest).containers;
      expect(container!.startupProbe).toBeDefined();
      expect(container!.livenessProbe!.httpGet.path).toBe('/health/live');
      expect(container!.readinessProbe!.httpGet.path).toBe('/health/ready');
    }
  });

  it('gives no pod more than it needs', () => {
    for (const manifest of [...all('Deployment'), ...all('Job')]) {
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
    for (const manifest of all('Deployment')) {
      const pod = podOf(manifest);
      expect(Number(setting(pod, 'SHUTDOWN_TIMEOUT_MS'))).toBeLessThan((pod.terminationGracePeriodSeconds - 5) * 1000);
    }
  });

  it('never opens more database connections than there are', () => {
    const wanted = all('HorizontalPodAutoscaler').map((scaler) => {
      const { maxReplicas } = scaler['spec'] as { maxReplicas: number };
      return maxReplicas * Number(setting(podOf(named('Deployment', scaler.metadata.name)!), 'DATABASE_POOL_SIZE'));
    });
    expect(wanted.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(MAX_CONNECTIONS - RESERVED_CONNECTIONS);
  });

  it('names every image by a version', () => {
    for (const manifest of [...all('Deployment'), ...all('Job')]) {
      for (const container of podOf(manifest).containers) {
        expect((container as unknown as { image: string }).image).toMatch(/:\d+\.\d+\.\d+$/);
      }
    }
  });
});

describe('the schema check itself', () => {
  it('finds a field that the schema does not know', async () => {
    const faults = await schemaFaults([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'x' }, automountServiceAccountTokens: false },
    ]);
    expect(faults).toEqual([expect.stringContaining('automountServiceAccountTokens')]);
  });
});
