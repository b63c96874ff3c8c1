import { ApiProperty } from '@nestjs/swagger';
import { formatId, type ModelView } from '@parley/contracts';
import { unixSeconds } from '../wire/unix-seconds.js';

export class ModelObject {
  @ApiProperty({ example: 'asst_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['model'] })
  object!: 'model';

  @ApiProperty({ description: 'Unix time in seconds' })
  created!: number;

  @ApiProperty()
  owned_by!: string;
}

export function modelObject(view: ModelView): ModelObject {
  return {
    id: view.assistant ? formatId('assistant', view.id) : view.id,
    object: 'model',
    created: unixSeconds(view.createdAt),
    owned_by: view.ownedBy,
  };
}
