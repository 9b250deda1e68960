import type { Problem } from "../../crds/check.ts";
import { shown } from "../../crds/explain.ts";
import { consumerGroupOf } from "../../crds/connectors/kafka.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import type { Neighbours } from "./neighbours.ts";

/** A Pipeline, new or as it would become. */
export interface Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly spec: PipelineSpec;
}

/**
 * Checks that no other Pipeline reads the same cluster as a member of the same consumer group: Kafka would share the partitions
 * out among both, and each table would lack what the other has. One that is suspended or being deleted reads nothing.
 */
export function checkGroup(
  { namespace, name, spec }: Candidate,
  { pipelines }: Pick<Neighbours, "pipelines">,
): readonly Problem[] {
  const mine = membershipOf({ namespace, name, spec });
  if (mine === null) return [];
  const other = pipelines.list().find(({ metadata, spec: theirs }) => {
    if (metadata.namespace !== namespace || metadata.name === name || metadata.deletionTimestamp !== undefined) return false;
    const membership = membershipOf({ namespace, name: metadata.name, spec: theirs });
    return membership !== null && membership.group === mine.group && membership.connection === mine.connection;
  });
  if (other === undefined) return [];
  return [
    {
      path: "spec.source.kafka.groupId",
      message: `Pipeline ${shown(other.metadata.name)} reads with consumer group ${shown(mine.group)} already, and each would get only a part of the partitions: choose another groupId, or leave it out`,
    },
  ];
}

function membershipOf({ namespace, name, spec }: Candidate): { readonly group: string; readonly connection: string } | null {
  const kafka = spec.source.kafka;
  if (kafka === undefined || spec.suspend === true) return null;
  return { group: consumerGroupOf(kafka, { namespace, name }), connection: kafka.connection };
}
