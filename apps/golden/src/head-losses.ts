import { captioningLoss } from "@multiway/head-captioning";
import { contrastiveLoss } from "@multiway/head-retrieval";
import type { GoldenTensor, HeadLosses } from "@multiway/metrics/golden";
import type { Device } from "@multiway/tensor";

/** The losses that the heads train on, for cases that hold them without a model. */
export function headLosses(device: Device): HeadLosses {
  const upload = ({ shape, data }: GoldenTensor) => device.tensor(Float32Array.from(data), { shape });
  return {
    contrastive: (images, texts, scale) => contrastiveLoss(upload(images), upload(texts), device.tensor(Math.log(scale))).loss.item(),
    caption: (logits, labels, rule) => captioningLoss(upload(logits), device.tensor(Int32Array.from(labels.data)), rule).loss.item(),
  };
}
