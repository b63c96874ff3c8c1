import { IsIn, IsObject } from 'class-validator';

export const REQUEST_KINDS = ['completion', 'response'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What is to be kept of a request besides its messages, to be shown as it was sent. */
export class RequestRecord {
  @IsIn(REQUEST_KINDS)
  kind!: RequestKind;

  @IsObject()
  request!: Record<string, unknown>;
}
