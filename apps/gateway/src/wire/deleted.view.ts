import { ApiProperty } from '@nestjs/swagger';

/** What is left of an object after its deletion. */
export class DeletedObject {
  @ApiProperty()
  id!: string;

  @ApiProperty({ example: 'vector_store.deleted' })
  object!: string;

  @ApiProperty({ enum: [true] })
  deleted!: true;
}

export function deletedObject(object: string, id: string): DeletedObject {
  return { id, object, deleted: true };
}
