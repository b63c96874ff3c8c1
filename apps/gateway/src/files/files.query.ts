import { ApiPropertyOptional } from '@nestjs/swagger';
import { FILE_PURPOSES, type FilePurpose } from '@parley/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { PageQuery } from '../wire/page.query.js';

export class FilesQuery extends PageQuery {
  @ApiPropertyOptional({ default: 100, minimum: 1, maximum: 10_000, description: 'A page has 100 files at most' })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  override limit: number = 100;

  @ApiPropertyOptional({ enum: FILE_PURPOSES })
  @IsOptional()
  @IsIn(FILE_PURPOSES)
  purpose?: FilePurpose;
}
