/* Folders that are no model that can be read: each says what it is and what to do, in one line. */
#include "support/support.h"

#include "core/checkpoint.h"
#include "core/model.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
put(const char *name, const char *text)
{
	support_file(name, text, strlen(text));
}

static void
refused(enum err code, const char *part)
{
	struct model *model;

	assert_err(code, part, model_open(&model, support_folder()));
	assert_null(strchr(err_line(), '\n'));
}

static void
test_huggingface_refuse__a_folder_says_what_it_holds_instead(void **state)
{
	static const struct {
		const char *files[4], *part;
		enum err code;
	} folders[] = {
		{ { "adapter_config.json", "adapter_model.safetensors" },
		  "merge them",
		  ERR_UNSUPPORTED },
		{ { "adapter_config.json", "adapter_model.bin" }, "merge them", ERR_UNSUPPORTED },
		{ { "adapter_model.safetensors" }, "without its adapter_config", ERR_UNSUPPORTED },
		{ { "model_index.json", "unet.bin" }, "a diffusers pipeline", ERR_UNSUPPORTED },
		{ { "model-00001-of-00002.safetensors" },
		  "model.safetensors.index.json, which says what lies where, is missing",
		  ERR_UNSUPPORTED },
		{ { "consolidated.safetensors", "config.json" },
		  "in the maker's own way",
		  ERR_UNSUPPORTED },
		{ { "model.fp16.safetensors" }, "is not named model.safetensors", ERR_UNSUPPORTED },
		{ { "pytorch_model.bin", "config.json" },
		  "convert them to safetensors",
		  ERR_UNSUPPORTED },
		{ { "pytorch_model.bin.index.json" },
		  "convert them to safetensors",
		  ERR_UNSUPPORTED },
		{ { "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin" },
		  "pytorch_model-00001-of-00002.bin: holds its weights as a Python pickle",
		  ERR_UNSUPPORTED },
		{ { "consolidated.00.pth", "params.json" },
		  "consolidated.00.pth: holds its weights as a Python pickle",
		  ERR_UNSUPPORTED },
		{ { "ckpt.pt" }, "a Python pickle", ERR_UNSUPPORTED },
		{ { "a.gguf", "config.json" }, "a.gguf: is a GGUF file", ERR_UNSUPPORTED },
		{ { "model.onnx", "config.json" }, "an ONNX graph", ERR_UNSUPPORTED },
		{ { "tf_model.h5", "config.json" }, "TensorFlow weights", ERR_UNSUPPORTED },
		{ { "flax_model.msgpack", "config.json" }, "Flax weights", ERR_UNSUPPORTED },
		{ { "weights.npz" }, "NumPy archives", ERR_UNSUPPORTED },
		{ { "train.parquet", "README.md" }, "part of a data set", ERR_UNSUPPORTED },
		{ { "config.json", "tokenizer.json" },
		  "model.safetensors: is missing: the folder holds a config but no weights",
		  ERR_IO },
		{ { "tokenizer.json", "tokenizer_config.json" }, "a tokenizer alone", ERR_IO },
		{ { "tokenizer.model" }, "a tokenizer alone", ERR_IO },
		{ { "README.md" }, "holds no model.safetensors and no", ERR_IO },
		{ { "README.md", "optimizer.pt", "rng_state.pth", "scheduler.pt" },
		  "holds no model.safetensors and no",
		  ERR_IO },
		{ { NULL }, "holds no model.safetensors: it is empty", ERR_IO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		support_clean();
		for (size_t f = 0; f < 4 && folders[i].files[f]; f++)
			put(folders[i].files[f], "{}");
		refused(folders[i].code, folders[i].part);
	}
}

static void
test_huggingface_refuse__names_what_the_folder_names(void **state)
{
	char path[1024];

	(void)state;
	support_clean();
	put("adapter_config.json", "{\"base_model_name_or_path\":\"org/base\"}");
	put("adapter_model.safetensors", "x");
	refused(ERR_UNSUPPORTED, "of the model \"org/base\"");
	put("adapter_config.json", "{\"base_model_name_or_path\":\"\\u001b[31m\"}");
	refused(ERR_UNSUPPORTED, "of the model \"^[[31m\"");
	put("adapter_config.json", "{broken");
	refused(ERR_UNSUPPORTED, "of the model unknown");
	support_clean();
	put("model_index.json", "{\"_class_name\":\"FluxPipeline\"}");
	refused(ERR_UNSUPPORTED, "a diffusers pipeline (\"FluxPipeline\")");
	support_clean();
	snprintf(path, sizeof(path), "%s/checkpoint-500", support_folder());
	assert_int_equal(mkdir(path, 0700), 0);
	put("checkpoint-500/config.json", "{}");
	refused(ERR_IO, "did you mean the folder checkpoint-500 in it?");
}

static void
test_huggingface_refuse__an_adapter_beside_a_model_is_no_reason(void **state)
{
	(void)state;
	support_clean();
	put("config.json", "{\"model_type\":\"llama\"}");
	put("adapter_config.json", "{}");
	put("model.safetensors", "x");
	refused(ERR_FORMAT, "too few for safetensors");
}

/* Configs as the tools write them; the values in between matter to nobody here. */
static void
test_huggingface_refuse__says_with_what_the_weights_are_quantized(void **state)
{
	static const struct {
		const char *quantization, *part;
	} configs[] = {
		{ "{\"bits\":4,\"group_size\":128,\"quant_method\":\"gptq\"}", "\"gptq\", 4 bits" },
		{ "{\"bits\":3,\"version\":\"gemm\",\"quant_method\":\"awq\"}", "\"awq\", 3 bits" },
		{ "{\"load_in_4bit\":true,\"load_in_8bit\":false,\"quant_method\":"
		  "\"bitsandbytes\"}",
		  "\"bitsandbytes\", 4 bits" },
		{ "{\"_load_in_8bit\":true,\"load_in_8bit\":true,\"quant_method\":"
		  "\"bitsandbytes\"}",
		  "\"bitsandbytes\", 8 bits" },
		{ "{\"activation_scheme\":\"dynamic\",\"quant_method\":\"fp8\",\"weight_block_"
		  "size\":"
		  "[128,128]}",
		  "\"fp8\"; open" },
		{ "{\"config_groups\":{\"group_0\":{\"input_activations\":{\"num_bits\":8},"
		  "\"weights\":"
		  "{\"num_bits\":4}}},\"quant_method\":\"compressed-tensors\"}",
		  "\"compressed-tensors\", 4 bits" },
		{ "{\"config_groups\":{\"a\":{\"weights\":{\"num_bits\":4}},\"b\":{\"weights\":{"
		  "\"num_bits\":8}}},\"quant_method\":\"compressed-tensors\"}",
		  "4 to 8 bits" },
		{ "{\"quant_config\":{\"weight_quant_params\":{\"nbits\":2}},\"quant_method\":"
		  "\"hqq\"}",
		  "\"hqq\", 2 bits" },
		{ "{\"weights\":\"int8\",\"quant_method\":\"quanto\"}", "\"quanto\", 8 bits" },
		{ "{\"quant_method\":\"mxfp4\"}", "\"mxfp4\"; open" },
		{ "{}", "a method it does not name; open" },
		{ "{\"bits\":-4,\"quant_method\":3}", "quantized with 3; open" },
		{ "{\"bits\":99999999999999999999}", "does not name; open" },
		{ "7", "a method it does not name" },
	};

	(void)state;
	support_clean();
	put("model.safetensors", "x");
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		char config[1024];

		snprintf(config, sizeof(config),
			 "{\"model_type\":\"llama\",\"quantization_config\":%s}",
			 configs[i].quantization);
		put("config.json", config);
		refused(ERR_UNSUPPORTED, configs[i].part);
		refused(ERR_UNSUPPORTED, "quantization_config: says the weights are already");
	}
	put("config.json", "{\"model_type\":\"llama\",\"quantization_config\":null}");
	refused(ERR_FORMAT, "too few for safetensors");
	put("quantize_config.json", "{\"bits\":4,\"group_size\":128,\"desc_act\":false}");
	refused(ERR_UNSUPPORTED, "quantize_config.json: says the weights are already");
	put("quantize_config.json", "{\"note\":\"of another tool\"}");
	refused(ERR_FORMAT, "too few for safetensors");
}

/* A shard of one tensor of one byte. */
static void
put_shard(const char *name, const char *tensor)
{
	char bytes[256];
	int n = snprintf(bytes + 8, 248,
			 "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
			 tensor);

	memcpy(bytes, &(uint64_t){ (uint64_t)n }, 8);
	bytes[8 + n] = 'x';
	support_file(name, bytes, (size_t)n + 9);
}

static void
test_huggingface_refuse__packed_tensors_speak_for_a_silent_config(void **state)
{
	(void)state;
	support_clean();
	put("config.json", "{\"model_type\":\"llama\"}");
	put_shard("model.safetensors", "model.layers.0.self_attn.q_proj.qweight");
	refused(ERR_UNSUPPORTED, "q_proj.qweight: belongs to weights that are already quantized");
}

static void
test_huggingface_refuse__models_that_continue_no_text_are_named(void **state)
{
	(void)state;
	support_clean();
	put("model.safetensors", "x");
	put("config.json", "{\"model_type\":\"bert\",\"architectures\":[\"BertForMaskedLM\"]}");
	refused(ERR_UNSUPPORTED, "model_type: is \"bert\", an encoder: it does not continue");
	put("config.json", "{\"model_type\":\"t5\",\"is_encoder_decoder\":true}");
	refused(ERR_UNSUPPORTED, "is \"t5\", an encoder with a decoder");
	put("config.json", "{\"model_type\":\"new_seq2seq\",\"is_encoder_decoder\":true}");
	refused(ERR_UNSUPPORTED, "is \"new_seq2seq\", an encoder with a decoder");
	put("config.json", "{\"model_type\":\"llama\",\"is_encoder_decoder\":false}");
	refused(ERR_FORMAT, "too few for safetensors");
}

static const char pointer[] = "version https://git-lfs.github.com/spec/v1\n"
			      "oid sha256:"
			      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
			      "size 4943162336\n";

static void
test_huggingface_refuse__git_lfs_pointers_are_no_weights(void **state)
{
	struct model *model;

	(void)state;
	support_clean();
	put("config.json", "{\"model_type\":\"llama\"}");
	put("model.safetensors", pointer);
	refused(ERR_UNSUPPORTED, "model.safetensors: is a git-lfs pointer");
	put_shard("model.safetensors", "a");
	put("tokenizer.json", pointer);
	refused(ERR_UNSUPPORTED, "tokenizer.json: is a git-lfs pointer");
	put("model.safetensors.index.json", pointer);
	support_clean();
	put("config.json", "{\"model_type\":\"llama\"}");
	put("model.safetensors.index.json", pointer);
	refused(ERR_UNSUPPORTED, "index.json: is a git-lfs pointer");
	support_clean();
	assert_err(ERR_UNSUPPORTED, "git lfs pull",
		   model_open(&model, support_file("m.bin", pointer, sizeof(pointer) - 1)));
	refused(ERR_UNSUPPORTED, "m.bin: is a git-lfs pointer");
}

static void
test_huggingface_refuse__one_file_of_a_folder_names_the_folder(void **state)
{
	struct model *model;

	(void)state;
	support_clean();
	assert_err(ERR_UNSUPPORTED, "give the folder that it lies in",
		   model_open(&model, support_file("model.safetensors", "x", 1)));
	assert_err(ERR_UNSUPPORTED, "export.py OUT.bin",
		   model_open(&model, support_file("ckpt.pt", "PK\3\4", 4)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huggingface_refuse__a_folder_says_what_it_holds_instead),
		cmocka_unit_test(test_huggingface_refuse__names_what_the_folder_names),
		cmocka_unit_test(test_huggingface_refuse__an_adapter_beside_a_model_is_no_reason),
		cmocka_unit_test(test_huggingface_refuse__says_with_what_the_weights_are_quantized),
		cmocka_unit_test(test_huggingface_refuse__packed_tensors_speak_for_a_silent_config),
		cmocka_unit_test(test_huggingface_refuse__models_that_continue_no_text_are_named),
		cmocka_unit_test(test_huggingface_refuse__git_lfs_pointers_are_no_weights),
		cmocka_unit_test(test_huggingface_refuse__one_file_of_a_folder_names_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
