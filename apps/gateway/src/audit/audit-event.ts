/** What is recorded: who may do what, and whoever changes that. */
export const AUDIT_ACTIONS = [
  'session.create',
  'api_key.create',
  'api_key.revoke',
  'user.create',
  'tenant.create',
  'feature_flag.set',
  'feature_flag.define',
  'feature_flag.delete',
  'rollout.start',
  'rollout.stop',
  'log_level.set',
  'log_level.reset',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface NewAuditEvent {
  action: AuditAction;
  outcome: 'done' | 'refused';
  /** Id or name of what it was done to. */
  target: string | null;
  /** The credential, when it was an API key. */
  apiKeyId: string | null;
  /** Why it was refused. */
  code: string | null;
  /** Of the client. */
  address: string | null;
}

export interface AuditEvent extends NewAuditEvent {
  sequence: number;
  at: Date;
  userId: string;
  requestId: string | null;
}
