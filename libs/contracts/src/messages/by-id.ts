import { IsUUID } from 'class-validator';

export class ByIdRequest {
  @IsUUID()
  id!: string;
}

export interface DeletedReply {
  id: string;
  deleted: true;
}
