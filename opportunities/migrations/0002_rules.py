"""A stage belongs to the opportunity's pipeline, and the pipeline to its kind: said as composite foreign keys,
so that neither an opportunity nor a stage nor a pipeline can be moved out of step, by any path."""

from django.db import migrations

KEYS = """
ALTER TABLE opportunities_stage ADD CONSTRAINT opportunities_stage_of_pipeline UNIQUE (id, pipeline_id);
ALTER TABLE opportunities_pipeline ADD CONSTRAINT opportunities_pipeline_of_kind UNIQUE (id, kind);
ALTER TABLE opportunities_opportunity
  ADD CONSTRAINT opportunities_stage_in_pipeline
    FOREIGN KEY (stage_id, pipeline_id) REFERENCES opportunities_stage (id, pipeline_id),
  ADD CONSTRAINT opportunities_pipeline_fits_kind
    FOREIGN KEY (pipeline_id, kind) REFERENCES opportunities_pipeline (id, kind);
"""

DROP = """
ALTER TABLE opportunities_opportunity
  DROP CONSTRAINT opportunities_stage_in_pipeline, DROP CONSTRAINT opportunities_pipeline_fits_kind;
ALTER TABLE opportunities_pipeline DROP CONSTRAINT opportunities_pipeline_of_kind;
ALTER TABLE opportunities_stage DROP CONSTRAINT opportunities_stage_of_pipeline;
"""


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0001_initial")]
    operations = [migrations.RunSQL(KEYS, DROP)]
