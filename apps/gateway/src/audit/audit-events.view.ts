import { ApiProperty } from '@nestjs/swagger';
import { formatId } from '@parley/contracts';
import { AUDIT_ACTIONS, type AuditAction, type AuditEvent } from './audit-event.js';

export class AuditEventObject {
  @ApiProperty({ enum: ['audit_event'] })
  object!: 'audit_event';

  @ApiProperty({ description: 'Its place in the log of the tenant, from 1 on without a gap' })
  sequence!: number;

  @ApiProperty({ description: 'Unix seconds' })
  created_at!: number;

  @ApiProperty({ enum: AUDIT_ACTIONS })
  action!: AuditAction;

  @ApiProperty({ enum: ['done', 'refused'] })
  outcome!: 'done' | 'refused';

  @ApiProperty({ description: 'Who' })
  user_id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The credential, when it was an API key' })
  api_key_id!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'To what' })
  target!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it was refused' })
  code!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Address of the client' })
  address!: string | null;

  @ApiProperty({ type: String, nullable: true })
  request_id!: string | null;
}

export class AuditEventListObject {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [AuditEventObject] })
  data!: AuditEventObject[];

  @ApiProperty()
  has_more!: boolean;
}

export function auditEventObject(event: AuditEvent): AuditEventObject {
  const { sequence, action, outcome, target, code, address } = event;
  return {
    object: 'audit_event',
    sequence,
    created_at: Math.floor(event.at.getTime() / 1_000),
    ...{ action, outcome },
    user_id: formatId('user', event.userId),
    api_key_id: event.apiKeyId && formatId('apiKey', event.apiKeyId),
    ...{ target, code, address },
    request_id: event.requestId,
  };
}
