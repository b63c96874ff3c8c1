import { SetMetadata } from '@nestjs/common';
import { type AuditAction } from './audit-event.js';

export const AUDITED = Symbol('audited');

/** Records what the route does: done, or refused and why. */
export const Audited = (action: AuditAction) => SetMetadata(AUDITED, action);
