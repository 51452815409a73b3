#version 330
in vec4 clip;
in vec3 view;
in vec3 normal;
in vec3 rest;
in vec2 uv;
uniform mat4 light_space;
out vec3 v_view;
out vec3 v_normal;
out vec3 v_rest;
out vec2 v_uv;
out vec4 v_light;
void main() {
    gl_Position = clip;
    v_view = view;
    v_normal = normal;
    v_rest = rest;
    v_uv = uv;
    v_light = light_space * vec4(view, 1.0);
}
