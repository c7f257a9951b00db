export { AnswerList, scoreOfCount } from "./answers.ts";
export { binaryCrossEntropy, VqaModel, type VqaBatch, type VqaInput, type VqaOptions } from "./vqa-model.ts";
