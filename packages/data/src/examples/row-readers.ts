import type { Row } from "../tables/row.ts";
import type { CaptioningExample, DatasetTask, ExampleOf, ExampleText } from "./example.ts";

/** Finds the picture that a row names. */
export type FindPicture = (row: Row, column: string) => string;

interface Form<E> {
  required: readonly string[];
  optional?: readonly string[];
  read(row: Row, picture: FindPicture): E;
}

/** How the rows of a task are laid out: by ourselves, and by the official index files (microsoft/unilm: beit3/datasets.py). */
interface Forms<E> {
  plain: Form<E>;
  official: Form<E>;
}

const forms: { readonly [T in DatasetTask]: Forms<ExampleOf[T]> } = {
  classification: {
    plain: { required: ["image", "label"], read: (row, picture) => ({ ...at(row), image: picture(row, "image"), label: row.text("label") }) },
    official: { required: ["image_path", "label"], read: (row, picture) => ({ ...at(row), image: picture(row, "image_path"), label: String(row.count("label")) }) },
  },
  retrieval: {
    plain: {
      required: ["image", "text"],
      read: (row, picture) => {
        const image = picture(row, "image");
        return { ...at(row), image, text: row.text("text"), imageId: image };
      },
    },
    official: {
      required: ["image_path", "text_segment", "image_id"],
      read: (row, picture) => ({ ...at(row), image: picture(row, "image_path"), text: segment(row), imageId: row.text("image_id") }),
    },
  },
  captioning: {
    plain: {
      required: ["image"],
      optional: ["caption", "captions"],
      read: (row, picture) => {
        const image = picture(row, "image");
        const captions = row.has("captions") ? row.texts("captions") : [row.text("caption")];
        return { ...at(row), image, captions, imageId: image };
      },
    },
    official: {
      required: ["image_path", "image_id"],
      optional: ["text_segment"],
      read: (row, picture) => ({ ...at(row), image: picture(row, "image_path"), captions: row.has("text_segment") ? [segment(row)] : [], imageId: row.text("image_id") }),
    },
  },
  vqa: {
    plain: {
      required: ["image", "question"],
      optional: ["answer", "answers", "id"],
      read: (row, picture) => ({
        ...at(row),
        image: picture(row, "image"),
        question: row.text("question"),
        answers: row.has("answers") ? row.texts("answers") : [row.text("answer")],
        questionId: row.has("id") ? row.text("id") : String(row.line),
      }),
    },
    official: {
      required: ["image_path", "text_segment"],
      optional: ["labels", "scores", "qid"],
      read: (row, picture) => {
        const example = { ...at(row), image: picture(row, "image_path"), question: segment(row), answers: [], questionId: row.has("qid") ? row.text("qid") : String(row.line) };
        if (!row.has("labels") && !row.has("scores")) return example;
        const [labels, scores] = [row.numbers("labels"), row.numbers("scores")];
        if (labels.length !== scores.length) throw row.error(`${labels.length} labels and ${scores.length} scores; expected as many of one as of the other`, "Make the index anew.");
        if (!labels.every((label) => Number.isInteger(label) && label >= 0) || !scores.every((score) => score >= 0 && score <= 1)) {
          throw row.error("labels are no whole numbers from 0 on, or scores are outside 0 to 1", "Make the index anew.");
        }
        return { ...example, scored: { labels, scores } };
      },
    },
  },
  reasoning: {
    plain: {
      required: ["left", "right", "sentence", "label"],
      optional: ["identifier"],
      read: (row, picture) => ({
        ...at(row),
        left: picture(row, "left"),
        right: picture(row, "right"),
        sentence: row.text("sentence"),
        label: row.truth("label"),
        ...(row.has("identifier") && { identifier: row.text("identifier") }),
      }),
    },
    official: {
      required: ["image_path", "image2_path", "text_segment", "label"],
      optional: ["identifier"],
      read: (row, picture) => ({
        ...at(row),
        left: picture(row, "image_path"),
        right: picture(row, "image2_path"),
        sentence: segment(row),
        label: row.truth("label"),
        ...(row.has("identifier") && { identifier: row.text("identifier") }),
      }),
    },
  },
};

/** Turns rows into examples. A table is in the official form when its first row has a column `image_path`. */
export function readRows<T extends DatasetTask>(task: T, rows: readonly Row[], picture: FindPicture, ignored: readonly string[]): ExampleOf[T][] {
  const form: Form<ExampleOf[T]> = forms[task][rows[0] && "image_path" in rows[0].values ? "official" : "plain"];
  const examples = rows.map((row) => {
    row.checkColumns({ ...form, ignored });
    return form.read(row, picture);
  });
  return task === "captioning" ? (byPicture(examples as CaptioningExample[]) as ExampleOf[T][]) : examples;
}

const at = ({ file, line }: Row) => ({ file, line });

function segment(row: Row): ExampleText {
  const value = row.values["text_segment"];
  if (typeof value === "string") throw row.error('column "text_segment" is a text; expected its ids, as the official index files hold them', 'Name the columns "image" and so on, without "image_path", for texts as they are.');
  const ids = row.numbers("text_segment");
  if (ids.length === 0 || !ids.every((id) => Number.isInteger(id) && id >= 0)) throw row.error('column "text_segment" is empty or holds what is no id; expected ids, 0 or more', "Remove the row, or make the index anew.");
  return ids;
}

/** Captions of one picture together, though they stand in rows of their own. */
function byPicture(examples: readonly CaptioningExample[]): CaptioningExample[] {
  const byId = new Map<string, CaptioningExample>();
  for (const example of examples) {
    const first = byId.get(example.imageId);
    if (first) first.captions.push(...example.captions);
    else byId.set(example.imageId, { ...example, captions: [...example.captions] });
  }
  return [...byId.values()];
}
