import { IsIn, IsUUID } from 'class-validator';

export const BRANCH_POINT_KINDS = ['after', 'edit', 'regenerate', 'continue'] as const;
export type BranchPointKind = (typeof BRANCH_POINT_KINDS)[number];

/**
 * Where in its conversation a run stands, when it does not simply go on behind the head:
 * - `after`: behind that message
 * - `edit`: what the client says takes the place of that message of the user, beside which it stands
 * - `regenerate`: another answer beside that one; or to that message of the user. Nothing new is said
 * - `continue`: an answer that broke off is gone on with, in a message beside it that begins with its text
 */
export class BranchPoint {
  @IsIn(BRANCH_POINT_KINDS)
  kind!: BranchPointKind;

  @IsUUID()
  messageId!: string;
}
